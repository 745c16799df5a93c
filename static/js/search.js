// The key / leads to what searches: the field of this page where it has one, else the page that searches all recordings.

import { listen } from "./keys.js";

function search() {
  const field = document.querySelector("[data-find-field], [data-search-field]");
  if (!field?.checkVisibility()) {
    document.querySelector("[data-search-page]")?.click();
    return;
  }
  field.focus();
  field.select();
}

listen({ search });
