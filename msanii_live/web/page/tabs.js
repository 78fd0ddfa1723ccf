/** The bar at the bottom of a narrow screen: one panel at a time, and Stop always in reach. */

import { byId } from "./dom.js";

/** Show the panels of a tab on a narrow screen. Wide screens show all. */
export function showTab(tab) {
  document.body.dataset.tab = tab;
  for (const each of byId("tabs").querySelectorAll("[data-to]")) {
    if (each.dataset.to === tab) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

/** Show the tab that an element is on. */
export function showTabOf(element) {
  const tab = element?.closest("[data-tab]:not(body)")?.dataset.tab;
  if (tab) showTab(tab);
}

export function startTabs(link) {
  byId("tabs").addEventListener("click", ({ target }) => {
    const to = target.closest("[data-to]")?.dataset.to;
    if (!to) return;
    showTab(to);
    scrollTo(0, 0);
  });
  byId("tabs-stop").addEventListener("click", () => link.send("/msanii/stop"));
  showTab("make");
}
