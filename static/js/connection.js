// What a person does and the server cannot be asked, or fails at, is told in a notice, instead of nothing happening.

const NO_CONNECTION = "There is no connection to Selenite, so this was not done. Try again once it is back.";
const FAULT = "Something went wrong in Selenite, and this was perhaps not done. Load the page again to see how it stands.";
const UNAVAILABLE = 503; // Which has a notice of its own.

export function tell(sentence) {
  const notice = document.getElementById("not-done").content.cloneNode(true);
  notice.querySelector("p").textContent = sentence;
  document.getElementById("messages").replaceChildren(notice);
}

export function tellNotDone() {
  tell(NO_CONNECTION);
}

// What the page asks by itself is asked again, and what is kept here until it is saved says so in its place.
function isByPerson({ verb, elt, triggeringEvent }) {
  return !elt.closest("#outbox, [data-note]") && (verb !== "get" || Boolean(triggeringEvent?.isTrusted));
}

document.body.addEventListener("htmx:sendError", ({ detail }) => isByPerson(detail.requestConfig) && tellNotDone());
document.body.addEventListener("htmx:responseError", ({ detail: { xhr, requestConfig } }) => {
  if (xhr.status >= 500 && xhr.status !== UNAVAILABLE && isByPerson(requestConfig)) tell(FAULT);
});
document.body.addEventListener("htmx:afterRequest", ({ detail }) => detail.successful && document.querySelector("[data-not-done]")?.remove());
