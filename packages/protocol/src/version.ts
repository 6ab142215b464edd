/** Of this package; all packages of Millrace share it. */
export const version = '0.1.0';
