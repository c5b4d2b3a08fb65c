const start = {
  dedicated: () => new Worker("/worker.js"),
  service: async () => {
    await navigator.serviceWorker.register("/worker.js");
    return (await navigator.serviceWorker.ready).active;
  },
};

const { port1, port2 } = new MessageChannel();
port1.onmessage = ({ data }) => {
  globalThis.result = data;
};
Promise.resolve(start[location.hash.slice(1)]()).then((worker) => {
  worker.postMessage(location.search.slice(1), [port2]);
});
