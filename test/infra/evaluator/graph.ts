/** The resources that `sst.config.ts` asks for, as the AWS provider would get them. */

/** One resource, with its inputs resolved. */
export interface Resource {
  /** Pulumi's type token, for example `aws:sqs/queue:Queue`. */
  type: string;
  /** The logical name, unique for each type. */
  name: string;
  inputs: Record<string, unknown>;
}

/** Everything one evaluation of the config made. */
export interface ResourceGraph {
  resources: Resource[];
  /** What `run()` returned, resolved: what `sst deploy` prints. */
  outputs: Record<string, unknown>;
}

/** All resources of a type, in the order they were made. */
export function resourcesOf(graph: ResourceGraph, type: string): Resource[] {
  return graph.resources.filter((resource) => resource.type === type);
}

/** The inputs of the one resource of this type and logical name. @throws when there is none or more than one. */
export function inputsOf(graph: ResourceGraph, type: string, name: string): Record<string, unknown> {
  const ofType = resourcesOf(graph, type);
  const [found, ...others] = ofType.filter((resource) => resource.name === name);
  if (!found || others.length > 0) {
    throw new Error(
      `Not exactly one ${type} "${name}"; there are: ${ofType.map((one) => one.name).join(", ")}`,
    );
  }
  return found.inputs;
}
