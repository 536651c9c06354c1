// Reports what is done on this page to the learning system that opened it, in cmi5's words.
// Opened in any other way the page reports nothing, and says so.
"use strict";

(() => {
  const CMI5 = "https://w3id.org/xapi/cmi5/context/categories/cmi5";
  const MOVE_ON = "https://w3id.org/xapi/cmi5/context/categories/moveon";
  const MASTERY = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore";
  const VERBS = "http://adlnet.gov/expapi/verbs/";
  const NAMES = ["endpoint", "fetch", "actor", "registration", "activityId"];
  const asked = new URLSearchParams(window.location.search);
  const report = document.getElementById("report");
  const done = document.getElementById("done");
  const questions = document.getElementById("questions");
  const began = Date.now();
  let link = null;
  let waiting = Promise.resolve();

  function say(words, bad = false) {
    report.textContent = words;
    report.classList.toggle("bad", bad);
  }

  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  async function ask(path, parameters, options = {}) {
    const address = new URL(path, link.endpoint);
    for (const [name, value] of Object.entries(parameters)) {
      address.searchParams.set(name, value);
    }
    const headers = {
      Authorization: `Basic ${link.token}`,
      "X-Experience-API-Version": "1.0.3",
      ...(options.body ? { "Content-Type": "application/json" } : {}),
    };
    const answer = await fetch(address, { ...options, headers });
    if (!answer.ok && answer.status !== 404) {
      throw new Error(`it answered ${answer.status}`);
    }
    return answer.ok && answer.status !== 204 ? answer.json() : null;
  }

  function statement(verb, result, categories) {
    const template = link.data.contextTemplate ?? {};
    const activities = template.contextActivities ?? {};
    const own = categories.map((id) => ({ objectType: "Activity", id }));
    const context = {
      ...template,
      registration: link.registration,
      contextActivities: { ...activities, category: [...(activities.category ?? []), ...own] },
    };
    if (result?.score && typeof link.data.masteryScore === "number") {
      context.extensions = { ...context.extensions, [MASTERY]: link.data.masteryScore };
    }
    return {
      id: uuid(),
      actor: link.actor,
      verb: { id: VERBS + verb, display: { en: verb } },
      object: { objectType: "Activity", id: link.activityId },
      ...(result ? { result } : {}),
      context,
      timestamp: new Date().toISOString(),
    };
  }

  function duration() {
    return `PT${((Date.now() - began) / 1000).toFixed(2)}S`;
  }

  function tell(verb, result = null, categories = [CMI5], keepalive = false) {
    const body = JSON.stringify([statement(verb, result, categories)]);
    waiting = waiting.then(() => ask("statements", {}, { method: "POST", body, keepalive }));
    return waiting;
  }

  async function begin() {
    link = Object.fromEntries(NAMES.map((name) => [name, asked.get(name)]));
    link.actor = JSON.parse(link.actor);
    link.endpoint = link.endpoint.replace(/\/*$/, "/");
    const given = await fetch(link.fetch, { method: "POST" });
    link.token = (await given.json())["auth-token"];
    if (!link.token) {
      throw new Error("it gave no token: open this page from the learning system anew");
    }
    const agent = JSON.stringify(link.actor);
    const where = { activityId: link.activityId, agent, registration: link.registration };
    link.data = await ask("activities/state", { ...where, stateId: "LMS.LaunchData" });
    if (!link.data) {
      throw new Error("it has no launch data");
    }
    await ask("agents/profile", { profileId: "cmi5LearnerPreferences", agent });
    await tell("initialized");
    done.hidden = false;
    link.isNormal = (link.data.launchMode ?? "Normal") === "Normal";
    say(link.isNormal
      ? "What you do here is reported to the learning system that opened this page."
      : "You only look at this page: nothing but that you do is reported.");
  }

  async function leave() {
    const { returnURL } = link.data;
    const left = link;
    await tell("terminated", { duration: duration() });
    link = null;
    if (left.data.returnURL && /^https?:/.test(returnURL)) {
      window.location.assign(returnURL);
    }
  }

  async function finish(verbs) {
    if (!link) {
      return;
    }
    done.disabled = true;
    try {
      for (const [verb, result] of link.isNormal ? verbs : []) {
        await tell(verb, { ...result, duration: duration() }, [CMI5, MOVE_ON]);
      }
      await leave();
      say("It is reported. You can close this page.");
    } catch (error) {
      say(`The learning system did not take the report: ${error.message}.`, true);
      done.disabled = false;
      waiting = Promise.resolve();
    }
  }

  function folded(text) {
    const plain = text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
    return (plain.match(/[\p{L}\p{N}_]+/gu) ?? []).join(" ");
  }

  function given(question) {
    const form = new FormData(questions);
    const name = `q${question.place}`;
    if (question.type === "short") {
      return form.get(name) ?? "";
    }
    if (question.type !== "order") {
      return form.getAll(name).map(Number);
    }
    const places = question.options.map((option) => [Number(form.get(`${name}-${option}`)), option]);
    return places.sort((one, other) => one[0] - other[0]).map((each) => each[1]);
  }

  function isRight(question, answer) {
    if (question.type === "short") {
      return question.accepted.some((each) => folded(each) === folded(answer));
    }
    if (question.right.length === 0) {
      return answer.length > 0;
    }
    if (question.type === "single") {
      return question.right.includes(answer[0]);
    }
    const chosen = question.type === "order" ? answer : [...answer].sort((one, other) => one - other);
    return chosen.length === question.right.length && chosen.every((each, at) => each === question.right[at]);
  }

  function handIn() {
    const { list, mark } = JSON.parse(document.getElementById("bank").textContent);
    const right = list.filter((question) => isRight(question, given(question))).length;
    const percent = Math.floor((right * 100) / list.length);
    const mastery = link?.data.masteryScore;
    const passed = typeof mastery === "number" ? percent / 100 >= mastery : percent >= mark;
    for (const each of document.querySelectorAll(".feedback")) {
      each.hidden = false;
    }
    const result = document.getElementById("result");
    result.hidden = false;
    result.textContent = `${right} of ${list.length} right, ${percent} %. ${passed ? "Passed." : "Not passed yet."}`;
    const score = { scaled: percent / 100, raw: percent, min: 0, max: 100 };
    const verbs = [[passed ? "passed" : "failed", { score, success: passed }]];
    if (passed) {
      verbs.push(["completed", { completion: true }]);
    }
    finish(verbs);
  }

  if (questions) {
    questions.addEventListener("submit", (event) => {
      event.preventDefault();
      handIn();
    });
  } else {
    done.addEventListener("click", () => finish([["completed", { completion: true }]]));
  }
  if (NAMES.every((name) => asked.get(name))) {
    begin().catch((error) => {
      link = null;
      say(`Nothing is reported: the learning system that opened this page cannot be used, ${error.message}.`, true);
    });
    window.addEventListener("pagehide", () => link?.data && tell("terminated", { duration: duration() }, [CMI5], true));
  }
})();
