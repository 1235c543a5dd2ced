// The event socket: messages as they happen, and it comes back by itself when the connection is lost.
// Events: message (the data as `detail`), open, lost, refused.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export class Feed extends EventTarget {
  // `path` such as "/events?token=…"; `replay` asks for what was missed since the last message.
  constructor(path, { replay = false } = {}) {
    super();
    this.path = path;
    this.replay = replay;
    this.last = 0;
    this.wait = FIRST_WAIT_MS;
    this.wanted = true;
    this._open();
  }

  _open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const since = this.replay ? `&since=${this.last}` : "";
    this.socket = new WebSocket(`${scheme}://${location.host}${this.path}${since}`);
    this.socket.onopen = () => {
      this.wait = FIRST_WAIT_MS;
      this.dispatchEvent(new Event("open"));
    };
    this.socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      this.last = message.number;
      this.dispatchEvent(new CustomEvent("message", { detail: message }));
    };
    this.socket.onclose = ({ code }) => this._lost(code);
  }

  _lost(code) {
    if (!this.wanted) return;
    this.dispatchEvent(new Event(code === 1008 ? "refused" : "lost"));
    if (code === 1008) return;
    this.retry = setTimeout(() => this._open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(LONGEST_WAIT_MS, this.wait * 2);
  }

  close() {
    this.wanted = false;
    clearTimeout(this.retry);
    this.socket.close();
  }
}
