import { isAllowedAddress, isAllowedUrl, type OutboundPolicy } from "../../shared/core/outbound";

const policy: OutboundPolicy = {
  hosts: ["api.github.com", "*.my.salesforce.com", "ghe.example.com:8443", "10.1.2.3"],
  allowLoopback: false,
};
const forTests: OutboundPolicy = { ...policy, allowLoopback: true };

describe("isAllowedUrl", () => {
  it.each([
    "https://api.github.com/repos/o/r",
    "https://API.github.com:443/",
    "https://acme.my.salesforce.com",
    "https://acme--dev.sandbox.my.salesforce.com/services",
    "https://ghe.example.com:8443/api/v3",
  ])("takes %s", (url) => {
    expect(isAllowedUrl(policy, new URL(url))).toBe(true);
  });

  it.each([
    ["http", "http://api.github.com/"],
    ["another scheme", "ftp://api.github.com/"],
    ["a host that is not listed", "https://evil.example.com/"],
    ["a listed host as another's subdomain", "https://api.github.com.evil.example/"],
    ["a subdomain of a host that is listed alone", "https://x.api.github.com/"],
    ["the bare domain of a wildcard", "https://my.salesforce.com/"],
    ["a host that only ends alike", "https://evilmy.salesforce.com/"],
    ["nothing in the place of the wildcard", "https://.my.salesforce.com/"],
    ["another port", "https://api.github.com:8443/"],
    ["a listed host without its port", "https://ghe.example.com/"],
    ["a name with a dot at its end", "https://api.github.com./"],
    ["credentials in the URL", "https://user:secret@api.github.com/"],
    ["a user in the URL", "https://user@api.github.com/"],
    ["loopback", "https://127.0.0.1/"],
    ["localhost", "http://localhost:3000/"],
  ])("refuses %s", (_, url) => {
    expect(isAllowedUrl(policy, new URL(url))).toBe(false);
  });

  it.each(["http://127.0.0.1:3000/", "https://localhost/", "http://[::1]:8080/", "http://2130706433/"])(
    "takes %s where loopback is open",
    (url) => {
      expect(isAllowedUrl(forTests, new URL(url))).toBe(true);
    },
  );

  it.each(["http://api.github.com/", "http://10.1.2.3/", "http://localhost.evil.example/", "file://localhost/etc"])(
    "refuses %s even then",
    (url) => {
      expect(isAllowedUrl(forTests, new URL(url))).toBe(false);
    },
  );
});

describe("isAllowedAddress", () => {
  it.each([
    "140.82.112.5",
    "1.1.1.1",
    "168.63.129.15",
    "168.63.129.17",
    "172.15.0.1",
    "172.32.0.1",
    "2606:50c0:8000::153",
    "2a00:1450::1",
  ])("takes the public address %s", (address) => {
    expect(isAllowedAddress(policy, address)).toBe(true);
  });

  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.64.0.1",
    "0.0.0.0",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:10.1.2.3",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "2001:db8::1",
    "2001::1",
    "2002:a00:1::1",
    "fe80::1%eth0",
    "not an address",
  ])("refuses %s", (address) => {
    expect(isAllowedAddress(policy, address)).toBe(false);
  });

  it("takes loopback where it is open, and other private addresses not even then", () => {
    expect(["127.0.0.1", "127.8.8.8", "::1"].filter((address) => !isAllowedAddress(forTests, address))).toEqual([]);
    expect(["10.1.2.3", "169.254.169.254", "::"].filter((address) => isAllowedAddress(forTests, address))).toEqual([]);
  });
});
