/** What a model's name leads to, and why: from the very code that routes calls. */
import type { ResolvedConfig, ResolvedRoute, WeightedTarget } from "@sluice/config";
import { CALLER_FORMATS, explainModel, operationAt, type RouteReason } from "@sluice/providers";
import type { AnswerFormat } from "@sluice/trace";

/** A place that calls may go to. */
export interface ExplainedTarget {
  /** `provider/model`. */
  readonly target: string;
  /** When it is tried: `95 of 100`, `2nd, when the targets have failed`, … */
  readonly when: string;
  /** For each conversation endpoint: `passed on`, or the format that calls are translated into. */
  readonly formats: Readonly<Record<keyof typeof CALLER_FORMATS, "passed on" | AnswerFormat | "not offered">>;
}

/** What a name leads to. */
export interface ModelExplanation {
  readonly name: string;
  /** A sentence. */
  readonly why: string;
  readonly targets: readonly ExplainedTarget[];
  /** How often a target is tried again. */
  readonly retries: number;
}

/** Explains a name. */
export function explainName(name: string, config: ResolvedConfig): ModelExplanation {
  const route = Object.hasOwn(config.routes, name) ? config.routes[name] : undefined;
  const explained = explainModel(name, config);
  if (!route) {
    const { provider, model } = explained.route;
    return {
      name,
      why: why(explained.reason, provider),
      targets: [targetOf(`${provider}/${model}`, "always", config)],
      retries: 0,
    };
  }
  return {
    name,
    why: "It is an alias of the config.",
    targets: targetsOf(route, config),
    retries: route.retries,
  };
}

function why(reason: RouteReason, provider: string): string {
  const sentences = {
    alias: () => "It is an alias of the config.",
    prefix: () => `"${provider}" before the slash is a configured provider.`,
    claim: () => `The provider "${provider}" claims "${"glob" in reason ? reason.glob : ""}".`,
    default: () => `No provider claims it, so it goes to the default one, "${provider}".`,
  };
  return sentences[reason.kind]();
}

function targetsOf(route: ResolvedRoute, config: ResolvedConfig): readonly ExplainedTarget[] {
  const total = route.targets.filter(({ when }) => !when).reduce((sum, { weight }) => sum + weight, 0);
  const plain = (name: "fallbacks" | "contextFallbacks" | "contentFallbacks", when: string) =>
    route[name].map(({ provider, model }, index) =>
      targetOf(`${provider}/${model}`, index === 0 ? when : `then, ${when}`, config),
    );
  return [
    ...route.targets.map((target) =>
      targetOf(`${target.provider}/${target.model}`, share(target, total), config),
    ),
    ...plain("fallbacks", "when the targets have failed"),
    ...plain("contextFallbacks", "when the request is too long"),
    ...plain("contentFallbacks", "when a content filter refuses"),
  ];
}

function share({ weight, when }: WeightedTarget, total: number): string {
  if (when) {
    const conditions = Object.entries(when).map(([field, values]) => `${field} ${values.join(" or ")}`);
    return `for ${conditions.join(" and ")}`;
  }
  return weight === total ? "always" : `${Math.round((weight / total) * 1000) / 10}% of the calls`;
}

function targetOf(target: string, when: string, config: ResolvedConfig): ExplainedTarget {
  const slash = target.indexOf("/");
  const provider = config.providers[target.slice(0, slash)];
  const call = { model: target.slice(slash + 1), streaming: false };
  const formatOf = (endpoint: keyof typeof CALLER_FORMATS) => {
    const operation = provider && operationAt(provider, { endpoint, ...call });
    return operation ? (operation.format ?? ("passed on" as const)) : ("not offered" as const);
  };
  return {
    target,
    when,
    formats: {
      "chat.completions": formatOf("chat.completions"),
      responses: formatOf("responses"),
      messages: formatOf("messages"),
    },
  };
}
