// Where a recording was left and how fast it was played, in this browser.

const EVERY_SECONDS = 5;
const END_SECONDS = 3; // Left so close to its end it begins anew.

export class Memory {
  constructor(recording, media) {
    this.key = `selenite.playback.${recording}`;
    this.media = media;
    this.savedAt = 0;
    media.addEventListener("timeupdate", () => this.saveNowAndThen());
    for (const event of ["pause", "seeked", "ratechange", "ended"]) media.addEventListener(event, () => this.save());
    addEventListener("pagehide", () => this.save());
  }

  // Returns {at, speed}; 0 and 1 where nothing is kept, or nothing of use.
  recall() {
    const { at, speed } = this.read();
    return { at: at > 0 ? at : 0, speed: speed > 0 ? speed : 1 };
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key)) ?? {};
    } catch {
      return {}; // Storage is switched off, or holds something else.
    }
  }

  saveNowAndThen() {
    if (Math.abs(this.media.currentTime - this.savedAt) >= EVERY_SECONDS) this.save();
  }

  save() {
    const { currentTime, duration, playbackRate } = this.media;
    if (!this.media.readyState) return; // Nothing is known yet that could be kept.
    this.savedAt = currentTime;
    const at = currentTime > duration - END_SECONDS ? 0 : currentTime;
    try {
      if (at < 1 && playbackRate === 1) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, JSON.stringify({ at, speed: playbackRate }));
    } catch {
      return; // Storage is full or switched off: it then starts at the beginning.
    }
  }
}
