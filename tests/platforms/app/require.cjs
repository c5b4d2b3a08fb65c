const { initialize } = require("meshydb-client");

import("./use.js")
  .then(({ use }) => use(initialize, process.argv[2]))
  .then((result) => console.log(JSON.stringify(result)));
