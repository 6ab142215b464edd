import { existsSync, readFileSync } from 'node:fs';

/** Real log lines of this machine (Debian's package log) where it has them, else lines like a web server's. */
export function realLogLines(): readonly string[] {
  const path = '/var/log/dpkg.log';
  const lines = existsSync(path)
    ? readFileSync(path, 'latin1')
        .split('\n')
        .filter((line) => line !== '')
    : [];
  return lines.length > 0
    ? lines
    : ['127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.1" 200 2326 "-" "Mozilla/5.0"'];
}

/** Real lines, each with a running number in front, so that every one is unique and its place is known. */
export function numberedLines(count: number): string[] {
  const lines = realLogLines();
  return Array.from({ length: count }, (_, number) => `${number} ${lines[number % lines.length]}`);
}
