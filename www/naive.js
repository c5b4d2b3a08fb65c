const scope = "meshy.api offline_access";

/**
 * What most tutorials make, for comparison: the tokens in localStorage, where every tab finds them; each tab refreshes
 * for itself once the access token has expired; a refresh that fails signs the user out.
 */
export class NaiveClient {
  constructor({ tokenEndpoint, apiUrl, clientId, headers, key, fetch, onSignOut }) {
    Object.assign(this, { tokenEndpoint, apiUrl, clientId, headers, key, fetch, onSignOut });
  }

  get tokens() {
    return JSON.parse(localStorage.getItem(this.key));
  }

  signIn(username, password) {
    return this.ask({ grant_type: "password", username, password, scope });
  }

  signOut(error) {
    localStorage.removeItem(this.key);
    this.onSignOut(error);
  }

  async getAccessToken() {
    const { access_token, expires_at } = this.tokens;
    return Date.now() < expires_at ? access_token : this.refresh();
  }

  async refresh() {
    try {
      return await this.ask({ grant_type: "refresh_token", refresh_token: this.tokens.refresh_token });
    } catch (error) {
      this.signOut(error);
      throw error;
    }
  }

  async callApi(path) {
    const call = (token) =>
      fetch(`${this.apiUrl}/${path}`, { headers: { ...this.headers, authorization: `Bearer ${token}` } });
    const response = await call(await this.getAccessToken());
    return response.status === 401 ? call(await this.refresh()) : response;
  }

  async ask(grant) {
    const body = new URLSearchParams({ ...grant, client_id: this.clientId });
    const response = await this.fetch(this.tokenEndpoint, { method: "POST", headers: this.headers, body });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const tokens = await response.json();
    localStorage.setItem(this.key, JSON.stringify({ ...tokens, expires_at: Date.now() + tokens.expires_in * 1000 }));
    return tokens.access_token;
  }
}
