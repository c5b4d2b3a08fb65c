import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/**
 * Plays so many seeds from the first, or until something went wrong where `stopsEarly`; the package is the texts of its modules.
 * Resolves to the steps and the seeds that failed, with their violations.
 */
export async function playMany({ texts, first, count, stopsEarly = false, progress = () => {} }) {
  const threads = Math.min(availableParallelism(), count);
  const results = await Promise.all(
    Array.from({ length: threads }, (_, offset) =>
      inThread(
        { texts, first: first + offset, count: Math.ceil((count - offset) / threads), by: threads, stopsEarly },
        progress,
      ),
    ),
  );
  const failures = results.flatMap(({ failed }) => failed).sort((one, other) => one.seed - other.seed);
  return { steps: results.reduce((sum, { steps }) => sum + steps, 0), failures };
}

function inThread(workerData, progress) {
  const worker = new Worker(new URL("thread.mjs", import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.on("message", (message) => (message.steps === undefined ? progress(message.played) : resolve(message)));
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`A thread has ended with ${code}.`)));
  });
}
