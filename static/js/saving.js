// Whether all that was typed is saved: if not, why, and what a person can do about it.

const AGAIN_SECONDS = [1, 2, 5, 10, 30];
const TOLD_MILLISECONDS = 2000;
const WORDS = {
  waits: "Not saved yet",
  offline: "Not saved yet: there is no connection. It is kept here and sent again.",
  changed: "Not saved yet: this was changed meanwhile.",
  gone: "Not saved: this recording is not here any more.",
  "signed-out": "You are signed out. What you typed is kept here and is saved once you have signed in again.",
};

// How long to wait before what could not be saved is sent again, after so many tries.
export function pauseAfter(tries) {
  return 1000 * (AGAIN_SECONDS[tries - 1] ?? AGAIN_SECONDS.at(-1));
}

export class Saving {
  // `onChoose` is called where a person is to choose between two texts.
  constructor(line, onChoose) {
    this.line = line;
    this.why = null;
    this.line.addEventListener("click", (event) => event.target.closest("[data-choose]") && onChoose());
  }

  // `why` is null where all is saved.
  show(why) {
    if (why !== this.why) this.line.replaceChildren(WORDS[why] ?? "Saved", ...this.means(why));
    this.why = why;
    this.line.toggleAttribute("data-unsaved", why !== null);
    this.line.toggleAttribute("data-waiting", why !== null && why !== "waits");
    clearTimeout(this.fading);
    if (!why) this.fading = setTimeout(() => this.line.replaceChildren(), TOLD_MILLISECONDS);
  }

  means(why) {
    if (why === "changed") return [" ", made("button", { type: "button", className: "button button-small", textContent: "Choose" }, "choose")];
    if (why !== "signed-out") return [];
    const apart = made("span", { className: "visually-hidden", textContent: " in another tab" });
    const link = made("a", { href: this.line.dataset.signIn, target: "_blank", textContent: "Sign in" });
    link.append(apart);
    return [" ", link];
  }
}

function made(name, properties, hook) {
  const element = Object.assign(document.createElement(name), properties);
  if (hook) element.dataset[hook] = "";
  return element;
}
