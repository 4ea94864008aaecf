/** Says now and then how far a long work is, on standard error: in one line of a terminal, every two seconds elsewhere. */
export class Progress {
  #last = Date.now();

  show(text: () => string): void {
    const { isTTY } = process.stderr;
    if (Date.now() - this.#last < (isTTY ? 100 : 2000)) return;
    this.#last = Date.now();
    process.stderr.write(isTTY ? `\r\u001b[K${text()}` : `${text()}\n`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  }
}

/** 100,000 for 100000. */
export function counted(number: number): string {
  return number.toLocaleString("en-US");
}
