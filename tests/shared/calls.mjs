import process from "node:process";

/** What a promise comes to, in a form that crosses to another process. */
export async function told(promise) {
  try {
    return { value: await promise };
  } catch ({ code, reason, message }) {
    return { error: { code, message: reason ?? message } };
  }
}

/** Answers the calls of the process that a `Host` is in, until that has gone. */
export function answerCalls(methods) {
  process.on("message", async ({ id, method, args }) => {
    process.send({ id, ...(await told(methods[method](...args))) });
  });
  process.send({ isReady: true });
}
