/** What a server does at SIGHUP, from its first moment on: without a listener the signal would end it. */
export class HangUps {
  readonly #actions: (() => void)[] = [];
  #came = false;

  constructor() {
    process.on('SIGHUP', () => {
      this.#came = true;
      for (const act of this.#actions) act();
    });
  }

  /** Does something at each signal from now on, and once at once when one came while there was nothing to do. */
  on(act: () => void): void {
    this.#actions.push(act);
    if (this.#came) act();
  }
}
