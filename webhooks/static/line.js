// A phone line in the browser: the switch's socket, the microphone and the loudspeaker.
// Everything the switch says (ringing, answered, queued, left, incoming, bridged, parted, ended, failed …) is
// an event of that name with the message as `detail`; besides: opened, closed, refused, level, frame.

const MOST_UNSENT_BYTES = 16_000; // two seconds; a network that is slower gets gaps, not delay

export class MicrophoneRefused extends Error {}

export class Line extends EventTarget {
  constructor(token) {
    super();
    this.token = token;
    this.muted = false;
    this.talking = false; // whether the microphone is sent
    this.framesHeard = 0;
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  // ---- audio

  // Ask for the microphone and start audio; call it from a click. Throw MicrophoneRefused with plain words.
  async openAudio() {
    if (this.context) {
      await this.context.resume();
      return;
    }
    const stream = await microphone();
    const context = new AudioContext({ latencyHint: "interactive" });
    try {
      await Promise.all([
        context.audioWorklet.addModule(new URL("./capture-worklet.js", import.meta.url)),
        context.audioWorklet.addModule(new URL("./playback-worklet.js", import.meta.url)),
      ]);
      await context.resume();
    } catch (problem) {
      stream.getTracks().forEach((track) => track.stop());
      context.close();
      throw problem;
    }
    this._wire(stream, context);
  }

  _wire(stream, context) {
    this.stream = stream;
    this.context = context;
    this.playback = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
    this.playback.connect(context.destination);
    this.capture = new AudioWorkletNode(context, "capture", { channelCount: 1, channelCountMode: "explicit" });
    this.capture.port.onmessage = ({ data }) => this._speak(data);
    context.createMediaStreamSource(stream).connect(this.capture);
    this.capture.connect(context.destination); // its output is silence; a connected node is sure to run
    stream.getAudioTracks()[0]?.addEventListener("ended", () => this._tell("microphone-lost"));
  }

  _speak({ frame, level }) {
    this._tell("level", { level: this.muted || !this.talking ? 0 : level });
    if (!this.talking || this.muted || !this.isOpen) return;
    if (this.socket.bufferedAmount < MOST_UNSENT_BYTES) this.socket.send(frame);
  }

  _hear(frame) {
    this.framesHeard += 1;
    this.playback?.port.postMessage(frame, [frame]);
    this._tell("frame", { count: this.framesHeard });
  }

  mute(muted) {
    this.muted = muted;
  }

  closeAudio() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.context?.close();
    this.stream = this.context = this.playback = this.capture = undefined;
  }

  // ---- the socket

  // Open the socket; an agent's token registers the agent's phone by that alone.
  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const url = `${scheme}://${location.host}/switch/line?token=${encodeURIComponent(this.token)}`;
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => (typeof data === "string" ? this._take(JSON.parse(data)) : this._hear(data));
    socket.onclose = ({ code }) => this._closed(socket, code);
    this.socket = socket;
    return new Promise((resolve, reject) => {
      socket.onopen = () => {
        this._tell("opened");
        resolve();
      };
      socket.onerror = () => reject(new Error("The hotline cannot be reached right now. Please try again in a moment."));
    });
  }

  _closed(socket, code) {
    if (socket !== this.socket) return;
    this.talking = false;
    this._tell(code === 1008 ? "refused" : "closed");
  }

  _take(message) {
    switch (message.type) {
      case "answered":
        this._beginTalk();
        break;
      case "bridged":
        if (!this.talking) this._beginTalk();
        break;
      case "clear":
        this.playback?.port.postMessage("clear");
        break;
      case "parted":
      case "ended":
      case "failed":
        this.talking = false;
        break;
    }
    this._tell(message.type, message);
  }

  _beginTalk() {
    this.talking = true;
    this.framesHeard = 0;
  }

  _tell(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  _send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }

  dial({ from, to, text = false }) {
    this._send({ type: "dial", from, to, text });
  }

  // Be rung under a number, as one who is to be called back.
  beRung(number) {
    this._send({ type: "number", number });
  }

  press(digit) {
    this._send({ type: "key", digit });
  }

  say(text) {
    this._send({ type: "say", text });
  }

  staySilent() {
    this._send({ type: "silence" });
  }

  answer() {
    this._send({ type: "answer" });
  }

  decline() {
    this._send({ type: "decline" });
  }

  hangUp() {
    this._send({ type: "hangup" });
  }

  close() {
    const socket = this.socket;
    this.socket = undefined;
    this.talking = false;
    socket?.close();
    this.closeAudio();
  }
}

async function microphone() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new MicrophoneRefused(
      "Your browser gives the microphone only to secure pages. Open this page with https:// or on this computer itself.",
    );
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
  } catch (problem) {
    throw new MicrophoneRefused(whyRefused(problem.name));
  }
}

function whyRefused(name) {
  switch (name) {
    case "NotAllowedError":
      return "This page may not use your microphone. Click the sign beside the page's address, allow the microphone, and try again.";
    case "NotFoundError":
      return "No microphone was found. Plug one in and try again.";
    case "NotReadableError":
      return "Your microphone is in use by another program. Close that program and try again.";
    default:
      return "Your microphone could not be started. Check that it works in another program, and try again.";
  }
}
