// The loudness of the recording as thin strokes; what was played is in the accent's colour.

const STROKE = 2;
const GAP = 1;
const LEAST = 2; // Silence is a dotted line, not a hole.

export class Wave {
  constructor(canvas, peaks) {
    this.canvas = canvas;
    this.take(peaks);
  }

  take(peaks) {
    this.peaks = peaks;
    this.loudest = Math.max(1, ...peaks);
  }

  draw(played) {
    const { width, height } = this.canvas.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const context = this.canvas.getContext("2d");
    const { color, borderTopColor } = getComputedStyle(this.canvas);
    context.scale(scale, scale);
    for (let x = 0; x < width; x += STROKE + GAP) {
      const tall = Math.max(LEAST, this.loudness(x / width, (x + STROKE + GAP) / width) * height);
      context.fillStyle = x / width < played ? color : borderTopColor;
      context.fillRect(x, (height - tall) / 2, STROKE, tall);
    }
  }

  // The loudest peak between two places, 0..1 each.
  loudness(from, to) {
    const first = Math.floor(from * this.peaks.length);
    const last = Math.max(first + 1, Math.ceil(to * this.peaks.length));
    return Math.max(0, ...this.peaks.slice(first, last)) / this.loudest;
  }
}
