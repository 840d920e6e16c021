// A sitting in which one thing after another fails, as the test's host is told by /fault/…, for a
// source who writes a text, and with none for a reader who makes the same clicks. Gives what the
// composer says after each. The first worker that the page started is in `workers`.
(async (text) => {
  const c = compose, said = {};
  const quiet = (ms) => new Promise((f) => setTimeout(f, ms)); // under a second: not scaled
  const fault = (name) => fetch(`/fault/${name}`, { method: "POST" });
  const cells = async (n) => {
    for (let i = 0; ; i++) {
      const seen = Number(await (await fetch("/fault/seen")).text());
      if (seen >= n) break;
      if (i > 900) throw new Error(`${seen} cells, not ${n}`);
      await quiet(30);
    }
    await quiet(400); // more would come now
  };
  let at = 0;
  const turn = async () => {
    const end = ["index", "about"][at++ % 2];
    document.querySelector(`footer a[href$='${end}.html'], .name a[href$='${end}.html']`).click();
    await c.until(() => location.pathname.endsWith(`/${end}.html`), "another page");
  };
  const waits = async (name) => {
    if (!text) return;
    c.open();
    await c.press("Where your letter is");
    await c.step("Where your letter is");
    said[name] = c.text();
    await c.press("Read on");
  };

  await cells(2);
  if (text) {
    c.open();
    await c.press("I have eight words");
    await c.step("Your eight words");
    await c.pick(["zoo", "able", "about", "above", "absent", "absorb", "abstract", "absurd"]);
    await c.step("The echo word");
    await c.press("Go on");
    await c.press("Write a letter");
    await c.step("Your letter");
    c.type(text);
    await c.press("Send");
    await c.step("Where your letter is");
    await c.press("Read on");
  }
  for (const name of ["503", "away", "deaf"]) {
    await fault(name);
    await turn();
    await cells(2);
    await waits(name);
  }

  // The worker that seals dies with a view's cells; the next view starts another.
  await fault("died");
  workers[0].mute = true;
  await turn();
  await quiet(300);
  workers[0].dispatchEvent(new ErrorEvent("error"));
  await quiet(600);
  await waits("died");

  // The whole host is away: the page stays and says so.
  await fault("gone");
  const here = location.href, unreached = () => document.querySelector(".unreached").getClientRects().length;
  document.querySelector("footer a[href$='about.html']").click();
  await c.until(unreached, "a sentence");
  said.unreached = `${location.href === here} ${document.querySelector(".unreached").textContent}`;
  await waits("gone");

  await fault("slow");
  await turn();
  await cells(2);
  await waits("slow");
  said.after = String(unreached());
  await fault("well");
  if (text) {
    c.open();
    await c.press("Where your letter is");
    await c.until(() => c.text().includes("All pieces have left"), "an answer that came late");
    said.arrived = c.text();
    await c.press("Read on");
  }

  // The reader takes no part any more: nothing leaves, whatever waits.
  if (text) {
    c.open();
    await c.press("Where your letter is");
    await c.press("Write a letter");
    await c.step("Your letter");
    c.type(`${text}, too late`);
    await c.press("Send");
    await c.step("Where your letter is");
    await c.press("Read on");
  }
  await fault("apart");
  document.querySelector(".take a").click();
  said.apart = `${document.querySelector(".take").innerText} ${document.activeElement.className}`;
  for (let i = 0; i < 2; i++) {
    await turn();
    await quiet(600);
  }
  await waits("apart, waiting");
  c.open();
  said["apart, before"] = c.text();
  said["apart, ways"] = [...c.root().querySelectorAll(".step:not(.cover) button")].map((b) => b.textContent).join();
  await c.press("Leave now");
  await fault("over");
  said.broken = [...broken, ...touched].join("; ");
  return said;
})
