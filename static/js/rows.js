// From row to row by keyboard: of recordings, of what was found, of jobs, tags, rules, changes and settings.

import { listen } from "./keys.js";
import { isThere } from "./keytargets.js";

const REACHABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary";

function itemOf(row) {
  return row.querySelector("[data-item]") ?? [...row.querySelectorAll(REACHABLE)].find((each) => each.checkVisibility());
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => isThere(row) && itemOf(row));
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const row = at < 0 ? rows.at(by > 0 ? 0 : -1) : rows[at + by];
  itemOf(row ?? document.createElement("p"))?.focus();
}

listen({ "next-row": () => step(1), "previous-row": () => step(-1) });
