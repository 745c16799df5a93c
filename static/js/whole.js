// A long text comes in parts. Whoever follows a link into a later one is taken there when it comes, unless they went elsewhere.

export function goToPlace(transcript) {
  const place = decodeURIComponent(location.hash.slice(1));
  if (!place || document.getElementById(place) || !document.getElementById("rest")) return;
  const watcher = new MutationObserver(() => {
    const there = document.getElementById(place);
    if (there && scrollY === 0) there.scrollIntoView();
    if (there || !document.getElementById("rest")) watcher.disconnect();
  });
  watcher.observe(transcript, { childList: true });
}
