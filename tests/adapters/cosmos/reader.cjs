// Reads a document, closes its store and says so. Then nothing is left that could keep it from ending.
require("../../support/swc-require.cjs");
const { openCosmosDocuments } = require("../../../shared/adapters/cosmos/documents.ts");

const store = openCosmosDocuments({ connectionString: process.argv[2], database: "castiel", requestTimeoutMs: 5000 });
store
  .collection("deliveries")
  .get("p", "a")
  .then(() => store.close())
  .then(() => console.log("closed"));
