/** To be imported first: what comes after it needs modules that an older Node does not have. */
const NEEDED = 24;

if (Number(process.versions.node.split(".")[0]) < NEEDED) {
  console.error(
    `Castiel Webhooks runs on Node ${NEEDED} or newer; this is Node ${process.versions.node}. Use \`npm start\`, which brings it along.`,
  );
  process.exit(1);
}
