// The update rules of d2lmini/optimizers.py, with its letters and its order of operations. They act
// on each coordinate by itself. A rule, given its hyperparameters h, has
//   letters               the names of its state, in order
//   first                 what the state begins with, if not zeros
//   tick()                once a step, before the coordinates: the corrections of step t
//   update(x, g, S, o, eta)  one coordinate: returns the new x, and keeps its state in S from o on
// Powers of beta are running products, as fast as can be.

const root = (s, epsilon, inside = true) =>
  inside ? Math.sqrt(s + epsilon) : Math.sqrt(s) + epsilon;

// 1 - beta^t after each step, or 1 where the correction is switched off.
function filling(beta, corrected = true) {
  let power = 1;
  return () => {
    power *= beta;
    return corrected ? 1 - power : 1;
  };
}

const nothing = () => {};

function adam(h) {
  const { beta_1: b1, beta_2: b2, epsilon, amsgrad, epsilon_hat: hat } = h;
  const fill1 = filling(b1, h.bias_correction), fill2 = filling(b2, h.bias_correction);
  let m_filled, s_filled;
  return {
    letters: amsgrad ? ["m", "s", "s_max"] : ["m", "s"],
    tick() {
      m_filled = fill1();
      s_filled = fill2();
    },
    update(x, g, S, o, eta) {
      const m = (S[o] += (1 - b1) * (g - S[o]));
      let s = (S[o + 1] += (1 - b2) * (g * g - S[o + 1]));
      if (amsgrad) s = S[o + 2] = Math.max(S[o + 2], s);
      if (hat) return x - (m * (eta * Math.sqrt(s_filled) / m_filled)) / (Math.sqrt(s) + epsilon);
      return x - (eta * (m / m_filled)) / (Math.sqrt(s / s_filled) + epsilon);
    },
  };
}

const rules = {
  SGD({ momentum: b, nesterov }) {
    return {
      letters: b ? ["v"] : [],
      tick: nothing,
      update(x, g, S, o, eta) {
        if (!b) return x - eta * g;
        const v = (S[o] = b * S[o] - eta * g);
        return nesterov ? x + (b * v - eta * g) : x + v;
      },
    };
  },

  Adagrad({ initial_accumulator_value, epsilon, epsilon_inside_root: inside }) {
    return {
      letters: ["s"],
      first: initial_accumulator_value,
      tick: nothing,
      update(x, g, S, o, eta) {
        const s = (S[o] += g * g);
        return x - (eta * g) / root(s, epsilon, inside);
      },
    };
  },

  RMSprop({ rho, momentum: b, epsilon, centered, epsilon_inside_root: inside }) {
    const letters = ["s", ...(centered ? ["m"] : []), ...(b ? ["v"] : [])];
    const velocity = letters.length - 1;
    return {
      letters,
      tick: nothing,
      update(x, g, S, o, eta) {
        let spread = (S[o] = rho * S[o] + (1 - rho) * (g * g));
        if (centered) spread -= (S[o + 1] = rho * S[o + 1] + (1 - rho) * g) ** 2;
        const step = (eta * g) / root(spread, epsilon, inside);
        if (!b) return x - step;
        return x + (S[o + velocity] = b * S[o + velocity] - step);
      },
    };
  },

  Adadelta({ rho, epsilon }) {
    return {
      letters: ["s", "u"],
      tick: nothing,
      update(x, g, S, o, eta) {
        const s = (S[o] = rho * S[o] + (1 - rho) * (g * g));
        const delta = -((root(S[o + 1], epsilon) * g) / root(s, epsilon));
        S[o + 1] = rho * S[o + 1] + (1 - rho) * (delta * delta);
        return x + eta * delta;
      },
    };
  },

  Adam: adam,
  // Its weight decay is applied where that of all rules is.
  AdamW: adam,

  Adamax({ beta_1: b1, beta_2: b2, epsilon, bias_correction }) {
    const fill = filling(b1, bias_correction);
    let filled;
    return {
      letters: ["m", "r"],
      tick() { filled = fill(); },
      update(x, g, S, o, eta) {
        const m = (S[o] += (1 - b1) * (g - S[o]));
        const r = (S[o + 1] = Math.max(b2 * S[o + 1], Math.abs(g)));
        return x - (eta * m) / (filled * (r + epsilon));
      },
    };
  },

  Nadam({ beta_1: b1, beta_2: b2, epsilon }) {
    const fill = filling(b2);
    let warm = 1, P = 1, mu, mu_next, s_filled;
    return {
      letters: ["m", "s"],
      tick() {
        warm *= 0.96;
        mu = b1 * (1 - 0.5 * warm);
        mu_next = b1 * (1 - 0.5 * (warm * 0.96));
        P *= mu;
        s_filled = fill();
      },
      update(x, g, S, o, eta) {
        const m = (S[o] += (1 - b1) * (g - S[o]));
        const s = (S[o + 1] += (1 - b2) * (g * g - S[o + 1]));
        const m_hat = (mu_next * m) / (1 - P * mu_next) + ((1 - mu) * g) / (1 - P);
        return x - (m_hat * eta) / (Math.sqrt(s / s_filled) + epsilon);
      },
    };
  },

  Lion({ beta_1: b1, beta_2: b2 }) {
    return {
      letters: ["m"],
      tick: nothing,
      update(x, g, S, o, eta) {
        const toward = Math.sign(b1 * S[o] + (1 - b1) * g);
        S[o] = b2 * S[o] + (1 - b2) * g;
        return x - eta * toward;
      },
    };
  },
};
