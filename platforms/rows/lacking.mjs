export const lacking = [];
