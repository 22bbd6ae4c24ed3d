/**
 * With how many inputs a property is tried: with so many in the gate, and with `PROPERTY_RUNS` where that is set, as in the
 * long run (CONTRIBUTING).
 */
export function propertyRuns(inGate: number): { readonly numRuns: number } {
  return { numRuns: Number(process.env["PROPERTY_RUNS"] ?? inGate) };
}
