/** One radio button of a group, with its label. Calls back with itself when it is chosen. */
export function choice({ name, label, isChosen }, choose) {
  const whole = document.createElement("label");
  whole.className = "choice";
  const radio = document.createElement("input");
  Object.assign(radio, { type: "radio", name, checked: isChosen });
  radio.addEventListener("change", () => choose(radio));
  whole.append(radio, label);
  return whole;
}
