// Time limits for what an app supplies: limiters and stores.

/**
 * Waits for an answer no longer than this. What answers later is ignored.
 *
 * @param who Names what did not answer, for the error.
 */
export function answerWithin<T>(milliseconds: number, who: string, answer: T | PromiseLike<T>): Promise<T> {
  // `Promise.race` in an asynchronous function would take three more promises, for each request.
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`edgegate: ${who} has not answered within ${milliseconds} ms`));
    const timer = setTimeout(late, milliseconds);
    const settle = <A>(settled: (value: A) => void) => (value: A) => {
      clearTimeout(timer);
      settled(value);
    };
    Promise.resolve(answer).then(settle(resolve), settle(reject));
  });
}
