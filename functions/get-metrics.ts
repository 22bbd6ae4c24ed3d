import { EXPOSITION_TYPE } from "../shared/core/exposition";
import { managementEndpoint } from "../shared/http/endpoint";
import { showMetrics } from "../shared/usecases/show-metrics";

/** `GET /metrics`: counters of this process and gauges of the service, for Prometheus. */
managementEndpoint(
  {
    name: "get-metrics",
    method: "GET",
    route: "metrics",
    summary: "Read metrics in the Prometheus text format",
    access: "metrics.read",
    responses: { 200: { description: "Metrics of the service as a whole; nothing of any tenant." } },
    errors: [],
  },
  async ({ services }) => ({
    headers: { "content-type": EXPOSITION_TYPE },
    body: await showMetrics(services),
  }),
);
