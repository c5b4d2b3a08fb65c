import { initialize } from "../../../pkg/index.js";
import { requestTokens } from "../handwritten.js";
import { answer, asked } from "./program.mjs";

const { url, rounds } = asked;
const credentials = { username: "alice", password: "wonderland" };
const login = { grant_type: "password", client_id: "public-key", ...credentials };
const refreshOf = (refreshToken) => ({
  grant_type: "refresh_token",
  client_id: "public-key",
  refresh_token: refreshToken,
});

async function fetchTokens(form) {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(form) });
  return response.json();
}

const client = await initialize("account", "public-key", { tokenEndpoint: url });
const connection = await client.login(credentials.username, credentials.password);
let token = await connection.getAccessToken();
const tokensOf = {};
const byHand = (name, request) => ({
  login: async () => {
    tokensOf[name] = await request(login);
  },
  refresh: async () => {
    tokensOf[name] = await request(refreshOf(tokensOf[name].refresh_token));
  },
});
const contenders = {
  own: {
    login: () => client.login(credentials.username, credentials.password),
    refresh: async () => {
      token = await connection.getAccessToken({ rejected: token });
    },
  },
  safeguarded: byHand("safeguarded", (form) => requestTokens(url, form)),
  bare: byHand("bare", fetchTokens),
};
const names = Object.keys(contenders);
const WARM_UP = Math.ceil(rounds / 10);
const samples = Object.fromEntries(
  ["login", "refresh"].map((grant) => [grant, { own: [], safeguarded: [], bare: [] }]),
);

for (let round = -WARM_UP; round < rounds; round += 1) {
  for (const grant of ["login", "refresh"]) {
    for (let place = 0; place < names.length; place += 1) {
      const name = names[(round + WARM_UP + place) % names.length];
      const start = performance.now();
      await contenders[name][grant]();
      if (round >= 0) samples[grant][name].push(1000 * (performance.now() - start));
    }
  }
}
answer(samples);
