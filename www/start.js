const needs = {
  "This browser has no WebAssembly, which the client is made of.": () => WebAssembly.instantiate,
  "This address is not a secure context: open the page at http://127.0.0.1 or over https.": () => isSecureContext,
  "This browser keeps no localStorage for this page: allow it in the settings.": () => localStorage,
  "This browser has no BroadcastChannel, by which the tabs of this page hear of each other.": () => BroadcastChannel,
};
const wishes = {
  "This browser has no IndexedDB: the session is in localStorage alone, where two tabs can overwrite each other.": () =>
    indexedDB.open,
};

const lacking = sentencesOf(needs);
say([...lacking, ...sentencesOf(wishes)]);
if (lacking.length === 0) import("/app.js").catch(() => say(["The demo could not be loaded. Is its server running?"]));

function sentencesOf(looks) {
  return Object.keys(looks).filter((sentence) => !has(looks[sentence]));
}

function has(look) {
  try {
    return Boolean(look());
  } catch {
    return false;
  }
}

function say(sentences) {
  const lack = document.getElementById("lacking");
  lack.textContent = sentences.join(" ");
  lack.hidden = sentences.length === 0;
}
