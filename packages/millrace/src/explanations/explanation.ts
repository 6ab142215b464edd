/** What a code of an error tells somebody who has never seen the code that raises it. Whole sentences, a line each. */
export interface Explanation {
  readonly meaning: string;
  /** How it comes about. */
  readonly why: string;
  /** What a person can do. */
  readonly cure: string;
  /** Begins with Yes where the same call may succeed when it is made again, with No where it cannot. */
  readonly retry: string;
  /** The calls that fail with it. */
  readonly from: string;
}
