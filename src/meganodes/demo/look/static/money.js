// Writes amounts for people. An amount is decimal text from the studio and stays text: no number
// of JavaScript ever holds one.

/** Make the function that writes decimal text ("1234.50") as money of a currency in a language. */
export function moneyWriter(language, currency) {
  const shape = shapeOf(language, currency);
  return (text) => {
    const sign = text.startsWith("-") ? "-" : "";
    const [whole, fraction = ""] = text.replace("-", "").split(".");
    const grouped = group(whole, shape);
    const number = fraction ? `${grouped}${shape.decimal}${fraction}` : grouped;
    return `${sign}${shape.before}${number}${shape.after}`;
  };
}

/** Write decimal text without its currency, for places where the currency is plain. */
export function numberWriter(language, currency) {
  const shape = { ...shapeOf(language, currency), before: "", after: "" };
  return (text) => {
    const [whole, fraction = ""] = text.split(".");
    return fraction ? `${group(whole, shape)}${shape.decimal}${fraction}` : group(whole, shape);
  };
}

/** The share `part / whole` of an amount, as decimal text: for amounts that count up. */
export function shareOf(text, part, whole) {
  const decimals = text.includes(".") ? text.length - text.indexOf(".") - 1 : 0;
  const minor = (BigInt(text.replace(".", "")) * BigInt(part)) / BigInt(whole);
  const digits = minor.toString().padStart(decimals + 1, "0");
  if (decimals === 0) {
    return digits;
  }
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** Whether an amount is nothing at all. */
export function isNothing(text) {
  return /^[0.]*$/.test(text);
}

function shapeOf(language, currency) {
  let parts;
  try {
    const wanted = { style: "currency", currency, numberingSystem: "latn" };
    parts = new Intl.NumberFormat(language, wanted).formatToParts(0);
  } catch {
    parts = [{ type: "integer" }, { type: "literal", value: `\u00a0${currency}` }];
  }
  const first = parts.findIndex((part) => part.type === "integer");
  const last = parts.findLastIndex((part) => ["integer", "fraction"].includes(part.type));
  const joined = (some) => some.map((part) => part.value).join("");
  return {
    ...separatorsOf(language),
    before: joined(parts.slice(0, first)),
    after: joined(parts.slice(last + 1)),
  };
}

function separatorsOf(language) {
  const format = new Intl.NumberFormat(language, { numberingSystem: "latn" });
  const valueOf = (number, type) =>
    format.formatToParts(number).find((part) => part.type === type)?.value;
  return {
    decimal: valueOf(1.5, "decimal") ?? ".",
    separator: valueOf(12345, "group") ?? "",
    // Spanish and some others write 1234 and 12.345.
    groupsFrom: valueOf(1234, "group") ? 4 : 5,
  };
}

function group(whole, { separator, groupsFrom }) {
  if (whole.length < groupsFrom) {
    return whole;
  }
  return whole.replace(/\B(?=(\d{3})+$)/g, separator);
}
