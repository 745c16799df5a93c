// The loudness of the recording as thin strokes; what was played is in the accent's colour.

const STROKE = 2;
const GAP = 1;
const LEAST = 2; // Silence is a dotted line, not a hole.

export class Wave {
  constructor(canvas, peaks) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.take(peaks);
    this.measure();
  }

  take(peaks) {
    this.peaks = peaks;
    this.loudest = Math.max(1, ...peaks);
    this.played = undefined;
  }

  get isKnown() {
    return this.peaks.length > 0;
  }

  // Look at the size and the colours again.
  measure() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const { color, borderTopColor } = getComputedStyle(this.canvas);
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.context.scale(scale, scale);
    Object.assign(this, { width, height, color, rest: borderTopColor, played: undefined });
  }

  // Takes which share is played. Draws only where that makes another stroke.
  draw(share) {
    const played = Math.ceil((share * this.width) / (STROKE + GAP));
    if (played === this.played) return;
    this.played = played;
    this.context.clearRect(0, 0, this.width, this.height);
    for (let number = 0; number * (STROKE + GAP) < this.width; number += 1) this.stroke(number);
  }

  stroke(number) {
    const x = number * (STROKE + GAP);
    const tall = Math.max(LEAST, this.loudness(x / this.width, (x + STROKE + GAP) / this.width) * this.height);
    this.context.fillStyle = number < this.played ? this.color : this.rest;
    this.context.fillRect(x, (this.height - tall) / 2, STROKE, tall);
  }

  // The loudest peak between two places, 0..1 each.
  loudness(from, to) {
    const first = Math.floor(from * this.peaks.length);
    const last = Math.max(first + 1, Math.ceil(to * this.peaks.length));
    return Math.max(0, ...this.peaks.slice(first, last)) / this.loudest;
  }
}
