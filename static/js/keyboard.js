// How keyboards differ.

export const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.platform);
const OTHER_SCRIPT = /^(?!\p{Script=Latin})[\p{Letter}\p{Mark}]/u;

// The Latin letter of a key, on keyboards that write another script, and with Ctrl and Option, which write nothing; else what it writes.
export function letterOf(event) {
  const { key, code, ctrlKey, altKey } = event;
  const isSilent = IS_APPLE && ctrlKey && altKey && !/^[a-z]$/i.test(key);
  const isOther = OTHER_SCRIPT.test(key) && !event.getModifierState("AltGraph");
  return (isSilent || isOther) && /^Key[A-Z]$/.test(code) ? code.at(-1).toLowerCase() : key;
}
