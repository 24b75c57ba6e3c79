/** Parts of the config's check that several of its sections are made of. */
import * as z from "zod";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** https, or http to this machine: keys and content travel over it. */
export const secureUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return (
    url !== null && (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname)))
  );
}, "must be an https:// URL (http:// only to localhost)");

/** A header's name. */
export const headerName = z.string().regex(/^[a-z0-9-]+$/, "must be a header's name in lower case");

/** At least one name. */
export const names = z.array(z.string().min(1)).min(1);

/** A `RouteCondition`. */
export const routeCondition = z.strictObject({
  tags: names.exactOptional(),
  tenants: names.exactOptional(),
  features: names.exactOptional(),
  environments: names.exactOptional(),
  keys: names.exactOptional(),
});
