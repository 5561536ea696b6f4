// Countdown, sound, vibration and a screen that stays on: shared by the session player and the run-walk timer.

// Counts by the clock, not by ticks, so a locked phone does not lose time.
export class Countdown {
  constructor({ tick, done }) {
    this.tick = tick;
    this.done = done;
    this.left = 0;
    this.total = 0;
    this.handle = 0;
    document.addEventListener("visibilitychange", () => { if (!document.hidden && this.running) this.update(); });
  }
  get running() { return this.handle !== 0; }
  start(seconds, left = seconds) {
    this.stop();
    this.total = seconds;
    this.left = left;
    this.resume();
  }
  resume() {
    this.until = Date.now() + this.left * 1000;
    this.handle = setInterval(() => this.update(), 200);
    this.update();
  }
  pause() { this.update(false); this.stop(); }
  stop() { clearInterval(this.handle); this.handle = 0; }
  update(mayEnd = true) {
    const before = Math.ceil(this.left);
    this.left = Math.max(0, (this.until - Date.now()) / 1000);
    const now = Math.ceil(this.left);
    if (now !== before || this.left === this.total) this.tick(now, this.total);
    if (this.left === 0 && mayEnd) { this.stop(); this.done(); }
  }
}

let audio = null;
const sound = { on: read("player:sound") !== "off" };

function read(key) { try { return localStorage.getItem(key); } catch { return null; } }
function write(key, value) { try { localStorage.setItem(key, value); } catch { /* private mode: sound is simply asked again */ } }

export function soundOn() { return sound.on; }
export function setSound(on) { sound.on = on; write("player:sound", on ? "on" : "off"); }

// browsers allow sound only after a touch: call this in the handler of the first one
export function unlockSound() {
  if (audio || !window.AudioContext) return;
  audio = new AudioContext();
}
export function beep(times = 1, pitch = 880) {
  if (!sound.on) return;
  if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.(Array.from({ length: times * 2 - 1 }, (_, index) => (index % 2 ? 90 : 160)));
  if (!audio) return;
  audio.resume();
  for (let index = 0; index < times; index += 1) {
    const at = audio.currentTime + index * 0.25;
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.18);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.2);
  }
}

// the lock is lost whenever the page is hidden, so it is asked for again
let lock = null;
export async function keepAwake(wanted = true) {
  if (!("wakeLock" in navigator)) return;
  if (!wanted) { lock?.release(); lock = null; return; }
  try { lock = await navigator.wakeLock.request("screen"); } catch { lock = null; }
}
document.addEventListener("visibilitychange", () => { if (lock && !document.hidden) keepAwake(); });

// shows seconds as a number, minutes as m:ss, and the rest as the ring (pathLength 100)
export function paint(root, left, total) {
  const number = root.querySelector("[data-timer-n]");
  root.classList.toggle("timer--long", total >= 100);
  if (number) number.textContent = total >= 100 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : String(left);
  root.querySelector(".timer__bar")?.setAttribute("stroke-dasharray", `${total ? (100 * left) / total : 0} 100`);
}
