// A report of wrong labels: an issue that a reader only has to send, else its text to copy; in a site
// of one's own runs the line of a label file. Nothing is sent from here.
"use strict";

var REPORT = (function () {
  const { make, cut } = HARNESS;
  /** Characters of an id or a name in a report. */
  const LONGEST = 200;

  /**
   * @typedef {Object} Reported
   * @property {string} benchmark its name
   * @property {string} image its id
   * @property {Object} images as of RUNS.openImages
   * @property {Object<string, ?number[]>} labels class ids by label set; null: not labelled
   * @property {Array<{model: string, answer: (number|string)}>} answers what the shown models answered
   * @property {string} labelSet the label set that judges
   */

  function nameOf(images, id) {
    return cut(RUNS.className(images, id), LONGEST);
  }

  /** The text of an issue; the same as harness.leaderboard.pages.views, and what models say. */
  function textOf({ benchmark, image, images, labels, answers }) {
    const told = Object.entries(labels).filter(([, ids]) => ids).map(([name, ids]) =>
      "Labels of " + name + ": " + (ids.map((id) => nameOf(images, id)).join(", ") || "no label"));
    const said = answers.map(({ model, answer }) =>
      "Answer of " + model + ": " + cut(RUNS.answerText(images, answer), LONGEST));
    return ["Image: " + cut(image, LONGEST), "Benchmark: " + benchmark, ...told, ...said, "Suggested labels: "].join("\n");
  }

  /** The address of a new issue, filled in. */
  function addressOf(repository, reported) {
    const title = "Label of " + cut(reported.image, LONGEST) + " (" + reported.benchmark + ")";
    return repository.replace(/\/+$/, "") + "/issues/new?title=" + encodeURIComponent(title)
      + "&body=" + encodeURIComponent(textOf(reported));
  }

  function toCopy(title, about, text) {
    return make("details", { class: "report" }, make("summary", {}, title), make("p", {}, about),
      make("pre", { tabindex: "0", role: "region", "aria-label": title + ": text to copy" }, text));
  }

  /** The line of an image in a label file of one's own, and the numbers that it may need. */
  function lineOf({ image, images, labels, answers, labelSet }) {
    const own = labels[labelSet] || [];
    const known = [...new Set([...own, ...answers.map(({ answer }) => answer).filter(Number.isInteger)])];
    const numbers = known.map((id) => id + " is " + nameOf(images, id)).join(", ");
    return toCopy("Correct the label", "The line of this image in a label file (format jsonl) that takes the place of "
      + labelSet + ": put the numbers of all classes that are right." + (numbers && " " + numbers + "."),
    JSON.stringify({ image_id: image, labels: own }));
  }

  /**
   * What a reader can do about wrong labels.
   * @param {Reported} reported
   * @param {{repository?: string, own?: string}} site from the attributes of #result
   * @returns {HTMLElement}
   */
  function block(reported, { repository, own }) {
    if (own) return lineOf(reported);
    if (!repository) {
      return toCopy("Report the label", "To tell the keepers of the labels, copy this text.", textOf(reported));
    }
    return make("p", { class: "report" }, make("a", {
      href: addressOf(repository, reported), rel: "nofollow noopener noreferrer",
    }, "Report the label"));
  }

  return Object.freeze({ block });
})();
