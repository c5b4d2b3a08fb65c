/** How much is played of what has no natural end: little, where `CI` is set a tenth of all, or all, as the variable LENGTH says. */
const lengths = {
  quick: {
    isInEachBrowser: false,
    tabRounds: 3,
    leavings: 5,
    departures: 5,
    workerRounds: 3,
    signOutRaces: 9,
    writerKills: 20,
    holderKills: 20,
    toolStarts: 1,
    toolKills: 10,
    worlds: 400,
    edgeWorlds: 200,
    rotations: 20_000,
    pageRotations: 2_000,
    mcpSeconds: 6,
  },
  ci: {
    isInEachBrowser: true,
    tabRounds: 10,
    leavings: 10,
    departures: 20,
    workerRounds: 10,
    signOutRaces: 20,
    writerKills: 100,
    holderKills: 100,
    toolStarts: 10,
    toolKills: 100,
    worlds: 1_000,
    edgeWorlds: 5_000,
    rotations: 20_000,
    pageRotations: 20_000,
    mcpSeconds: 30,
  },
  all: {
    isInEachBrowser: true,
    tabRounds: 100,
    leavings: 100,
    departures: 200,
    workerRounds: 100,
    signOutRaces: 200,
    writerKills: 1_000,
    holderKills: 1_000,
    toolStarts: 100,
    toolKills: 1_000,
    worlds: 10_000,
    edgeWorlds: 100_000,
    rotations: 100_000,
    pageRotations: 20_000,
    mcpSeconds: 300,
  },
};

const { LENGTH = "quick" } = process.env;
if (!lengths[LENGTH]) throw new Error(`LENGTH is ${Object.keys(lengths).join(", ")} or unset, not ${LENGTH}.`);

export const length = lengths[LENGTH];
