"use strict";
// Plain old JavaScript, so that a Node that is too old can say so in one line instead of failing on newer syntax.
var major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(
    "Castiel Webhooks needs Node 20 or newer with npm to install and start; this is Node " +
      process.versions.node +
      ".",
  );
  process.exit(1);
}
