// What the pages' charts take from Observable Plot. What is drawn with it stands in web/static/js/drawings.js.
export { barX, barY, dot, link, plot, ruleX, ruleY, text } from "@observablehq/plot";
