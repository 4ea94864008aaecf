// Time limits for what an app supplies: limiters and stores.

/**
 * Waits for an answer no longer than this. What answers later is ignored.
 *
 * @param who Names what did not answer, for the error.
 */
export async function answerWithin<T>(milliseconds: number, who: string, answer: T | PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`edgegate: ${who} has not answered within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
