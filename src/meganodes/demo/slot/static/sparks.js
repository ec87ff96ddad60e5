// A handful of sparks for a good win; none where motion is not wanted.

const COLOURS = ["#ffdf8a", "#f6bb42", "#fbf1dc", "#9adbd3", "#ffffff"];
const GRAVITY = 900;

/** Throw sparks over the canvas; more of them the more a win pays. */
export function throwSparks(canvas, pays) {
  const density = Math.min(2, window.devicePixelRatio || 1);
  canvas.width = canvas.clientWidth * density;
  canvas.height = canvas.clientHeight * density;
  const count = Math.min(150, 16 + 7 * pays);
  const sparks = Array.from({ length: count }, () => newSpark(canvas, density));
  let last = performance.now();
  const step = (now) => {
    const seconds = Math.min(0.05, (now - last) / 1000);
    last = now;
    const left = drawAll(canvas, sparks, { seconds, density });
    if (left > 0) {
      requestAnimationFrame(step);
    }
  };
  requestAnimationFrame(step);
}

function newSpark(canvas, density) {
  // Looks only: nothing about a result hangs on this.
  const angle = -Math.PI / 2 + (Math.random() - 0.5) * 2.4;
  const speed = (240 + Math.random() * 420) * density;
  return {
    x: canvas.width * (0.25 + 0.5 * Math.random()),
    y: canvas.height * 0.5,
    dx: Math.cos(angle) * speed,
    dy: Math.sin(angle) * speed,
    size: (3 + Math.random() * 5) * density,
    spin: Math.random() * 6,
    colour: COLOURS[Math.floor(Math.random() * COLOURS.length)],
    lives: 0.9 + Math.random() * 0.7,
    age: 0,
  };
}

function drawAll(canvas, sparks, { seconds, density }) {
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  let left = 0;
  for (const spark of sparks) {
    spark.age += seconds;
    if (spark.age < spark.lives) {
      left += 1;
      spark.dy += GRAVITY * density * seconds;
      spark.x += spark.dx * seconds;
      spark.y += spark.dy * seconds;
      drawSpark(pen, spark);
    }
  }
  return left;
}

function drawSpark(pen, spark) {
  pen.save();
  pen.globalAlpha = Math.min(1, 3 * (1 - spark.age / spark.lives));
  pen.translate(spark.x, spark.y);
  pen.rotate(spark.spin + spark.age * 5);
  pen.fillStyle = spark.colour;
  pen.beginPath();
  for (let corner = 0; corner < 8; corner += 1) {
    const reach = corner % 2 ? spark.size * 0.38 : spark.size;
    pen.lineTo(Math.cos((corner * Math.PI) / 4) * reach, Math.sin((corner * Math.PI) / 4) * reach);
  }
  pen.fill();
  pen.restore();
}
