/** What parsers and verifiers promise, held against a million inputs, 25,000 for each promise: `npm run test:long`. */
process.env["PROPERTY_RUNS"] ??= "25000";
jest.requireActual("../adapters/opentelemetry/trace-context.property.test");
jest.requireActual("../providers/open-standards.property.test");
jest.requireActual("../providers/parsers.property.test");
jest.requireActual("../providers/parsers-by-scheme.property.test");
jest.requireActual("../providers/xml.property.test");
