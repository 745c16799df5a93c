// The video above the text: it can be put away, and fill the screen. There the browser's own controls come back.

export class Stage {
  constructor(stage, video, onClick) {
    this.stage = stage;
    this.video = video;
    this.toggle = stage.querySelector("[data-stage-toggle]");
    this.toggle.hidden = false;
    this.toggle.addEventListener("click", () => this.show(this.isAway));
    video.addEventListener("click", () => video.controls || onClick());
    video.addEventListener("dblclick", () => video.controls || this.fillScreen());
    video.addEventListener("fullscreenchange", () => (video.controls = document.fullscreenElement === video));
  }

  get isAway() {
    return this.stage.hasAttribute("data-away");
  }

  show(isShown) {
    this.stage.toggleAttribute("data-away", !isShown);
    this.toggle.ariaExpanded = String(isShown);
    this.toggle.querySelector("[data-stage-name]").textContent = isShown ? "Hide video" : "Show video";
  }

  fillScreen() {
    this.show(true);
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.video.requestFullscreen) this.video.requestFullscreen();
    else this.video.webkitEnterFullscreen?.(); // Telephones by Apple
  }
}
