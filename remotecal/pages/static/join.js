// A phone whose person looks at this page has scanned the code, and joins at once; a camera or a preview that looks ahead,
// and a browser that loads the page before anybody sees it, use nothing up. Without it there is the button.
"use strict";
{
  const join = () => {
    if (document.prerendering || document.visibilityState !== "visible") return;
    for (const name of ["visibilitychange", "prerenderingchange"]) document.removeEventListener(name, join);
    document.querySelector("form[action$='/join']").requestSubmit();
  };
  for (const name of ["visibilitychange", "prerenderingchange"]) document.addEventListener(name, join);
  join();
}
