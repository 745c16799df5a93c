// The list of the keys that the open page has, and the switch for all of them: who speaks to their computer, or has it read to them,
// may not want single letters to act.

import { IS_APPLE } from "./keyboard.js";
import { GROUPS } from "./keytable.js";

const OFF = "selenite.keys";
const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Control: IS_APPLE ? "⌘" : "Ctrl" };

export class KeyHelp {
  // `has` tells of an entry of the table whether the open page has what it is about.
  constructor(has) {
    this.has = has;
    this.dialog = document.querySelector("[data-keys]");
    this.isOff = read() === "off";
    const box = this.dialog?.querySelector("[data-keys-on]");
    box?.addEventListener("change", () => this.turn(box.checked));
    if (box) box.checked = !this.isOff;
  }

  turn(isOn) {
    this.isOff = !isOn;
    try {
      if (isOn) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "off");
    } catch {
      return; // Storage is switched off: it is so on this page.
    }
  }

  show() {
    if (!this.dialog || this.dialog.open) return;
    this.dialog.querySelector("[data-key-groups]").replaceChildren(...GROUPS.flatMap((group) => this.group(group)));
    this.dialog.showModal();
    this.dialog.querySelector("h2").focus();
  }

  group({ title, where, keys }) {
    const found = where && !document.querySelector(where) ? [] : keys.filter((each) => this.has(each));
    if (!found.length) return [];
    const section = document.createElement("section");
    const list = element("dl", "keys", ...found.map(line));
    section.append(element("h3", "", title), list);
    return [section];
  }
}

function read() {
  try {
    return localStorage.getItem(OFF);
  } catch {
    return null;
  }
}

function line({ keys, words }) {
  const names = keys.filter((key) => key !== "=").flatMap((key, index) => [...(index ? [" or "] : []), ...pressed(key)]);
  return element("div", "", element("dt", "", ...names), element("dd", "", words));
}

// "Shift+j" and "Control Enter" are two keys each.
function pressed(key) {
  const parts = key.length === 1 ? [key] : key.split(/[ +]/).flatMap((part) => (part === "Alt" && IS_APPLE ? ["Ctrl", "Option"] : part));
  return parts.flatMap((part, index) => [...(index ? [" "] : []), element("kbd", "", NAMES[part] ?? part)]);
}

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}
