/** Browsers keep few connections to one service: pages that nobody sees leave them to others. */

/** Run `follow` while the page is seen, and again whenever it comes into sight or `look` is called. */
export function whileSeen(follow: (signal: AbortSignal) => Promise<void>) {
  let stop: AbortController | null = null;
  const leave = () => {
    stop?.abort();
    stop = null;
  };
  const look = () => {
    if (document.visibilityState === "hidden") leave();
    else if (!stop) {
      const mine = (stop = new AbortController());
      void follow(mine.signal).finally(() => {
        if (stop === mine) stop = null;
      });
    }
  };
  look();
  document.addEventListener("visibilitychange", look);
  return {
    look,
    end: () => {
      document.removeEventListener("visibilitychange", look);
      leave();
    },
  };
}
