"""The experiments of `d2lmini.around`, in PyTorch and in Optax.

Where the reader's own lines say in which order two stages act, an experiment writes both orders and
returns both outcomes.
"""

import numpy as np
from elsewhere import optax, torch

from d2lmini.around import HUGE, SCALE


def _parameter(value=1.0):
    module = torch()
    return module.nn.Parameter(module.tensor([float(value)]))


def _backward(x, g):
    (float(g) * x).sum().backward()


def _way(x):
    return 1 - float(x.detach()[0])


# ---- PyTorch ------------------------------------------------------------------------------------


def torch_unscale():
    """Two backward passes of a scaled loss, then a step, as its documentation writes them."""
    module, x = torch(), _parameter()
    sgd = module.optim.SGD([x], lr=1.0)
    scaler = module.amp.GradScaler("cpu", init_scale=SCALE)
    for _ in range(2):
        scaler.scale((HUGE / SCALE * x).sum()).backward()
    scaler.step(sgd)
    return _way(x)


def torch_accumulate():
    outcomes = []
    for clip_each in (False, True):
        module, x = torch(), _parameter()
        total = 0.0
        for g in (3, -1):
            _backward(x, g)
            if clip_each:
                module.nn.utils.clip_grad_value_([x], 1.0)
                total, x.grad = total + x.grad, None
        if clip_each:
            x.grad = total
        else:
            module.nn.utils.clip_grad_value_([x], 1.0)
        module.optim.SGD([x], lr=1.0).step()
        outcomes.append(_way(x))
    return tuple(outcomes)


def torch_clip():
    module, x = torch(), _parameter()
    _backward(x, 0)
    module.nn.utils.clip_grad_value_([x], 0.5)
    module.optim.SGD([x], lr=0.1, weight_decay=4.0).step()
    return _way(x)


def torch_decay():
    x = _parameter()
    _backward(x, 1)
    torch().optim.AdamW([x], lr=0.5, weight_decay=1.0).step()
    return _way(x)


def torch_update():
    outcomes = []
    for before in (False, True):
        module, x = torch(), _parameter()
        holder = module.nn.ParameterList([x])
        mean = module.optim.swa_utils.AveragedModel(
            holder, multi_avg_fn=module.optim.swa_utils.get_ema_multi_avg_fn(0.5)
        )
        sgd = module.optim.SGD([x], lr=0.1)
        for _ in range(2):
            if before:
                mean.update_parameters(holder)
            sgd.zero_grad()
            _backward(x, 1)
            sgd.step()
            if not before:
                mean.update_parameters(holder)
        outcomes.append(_way(mean.module[0]))
    return tuple(outcomes)


def torch_average():
    outcomes = []
    for project_first in (False, True):
        module, x = torch(), _parameter(0.5)
        holder = module.nn.ParameterList([x])
        mean = module.optim.swa_utils.AveragedModel(holder)
        _backward(x, 1)
        module.optim.SGD([x], lr=1.0).step()
        if not project_first:
            mean.update_parameters(holder)
        with module.no_grad():
            x.clamp_(min=0)
        if project_first:
            mean.update_parameters(holder)
        outcomes.append(float(mean.module[0].detach()[0]))
    return tuple(outcomes)


def torch_sum():
    x = _parameter()
    for _ in range(2):
        _backward(x, 1)
    torch().optim.SGD([x], lr=0.1).step()
    return _way(x)


def torch_schedule():
    outcomes = []
    for each_gradient in (True, False):
        module, x = torch(), _parameter()
        sgd = module.optim.SGD([x], lr=1.0)
        falling = module.optim.lr_scheduler.ExponentialLR(sgd, 0.1)
        sgd.step()  # without a gradient: or it warns that the schedule comes first
        for k in range(2):
            _backward(x, 0.5)  # they are summed
            if each_gradient and k == 0:
                falling.step()
        sgd.step()
        if not each_gradient:
            falling.step()
        outcomes.append(_way(x))
    return tuple(outcomes)


def torch_length():
    module, x = torch(), _parameter(0.0)
    _backward(x, 3e-6)
    module.nn.utils.clip_grad_norm_([x], 1e-6)
    return float(x.grad[0])


def torch_infinite():
    module, a, b = torch(), _parameter(), _parameter()
    a.grad, b.grad = module.tensor([np.inf]), module.tensor([1.0])
    module.nn.utils.clip_grad_norm_([a, b], 1.0)
    return float(b.grad[0])


def torch_exempt():
    module = torch()
    layer = module.nn.Linear(1, 1)
    module.nn.init.ones_(layer.bias)
    for p in layer.parameters():
        p.grad = module.zeros_like(p)
    module.optim.AdamW(layer.parameters(), lr=0.1, weight_decay=0.5).step()
    return _way(layer.bias)


def _torch_rows(*steps):
    module = torch()
    lookup = module.nn.Embedding(3, 1, sparse=True)
    module.nn.init.ones_(lookup.weight)
    adam = module.optim.SparseAdam(lookup.parameters(), lr=0.1)
    for rows in steps:
        adam.zero_grad()
        lookup(module.tensor(rows)).sum().backward()
        adam.step()
    return 1 - float(lookup.weight.detach()[0, 0])


def torch_repeats():
    return _torch_rows([0, 0])


def torch_lazy():
    return _torch_rows([0], [1])


def torch_floor():
    module, x = torch(), _parameter()
    sgd = module.optim.SGD([x], lr=0.1)
    scaler = module.amp.GradScaler("cpu", init_scale=2.0**15)
    for _ in range(300):
        sgd.zero_grad()
        scaler.scale((float("inf") * x).sum()).backward()
        scaler.step(sgd)
        scaler.update()
    return float(scaler.get_scale())


# ---- Optax --------------------------------------------------------------------------------------


def _optax_feed(make, gradients, start=1.0):
    module = optax()
    import jax.numpy as jnp

    x = jnp.asarray([start])
    state = make.init(x)
    for g in gradients:
        change, state = make.update(jnp.asarray([float(g)]), state, x)
        x = module.apply_updates(x, change)
    return float(x[0])


def optax_unscale():
    optax()


def optax_accumulate():
    o = optax()
    mean_first = o.MultiSteps(o.chain(o.clip(1.0), o.sgd(1.0)), 2)
    clip_first = o.chain(o.clip(1.0), o.MultiSteps(o.sgd(1.0), 2).gradient_transformation())
    return tuple(1 - _optax_feed(make, (3, -1)) for make in (mean_first, clip_first))


def optax_clip():
    o = optax()
    clip, decay = o.clip(0.5), o.add_decayed_weights(4.0)
    chains = (o.chain(*order, o.sgd(0.1)) for order in ((clip, decay), (decay, clip)))
    return tuple(1 - _optax_feed(chain, (0,)) for chain in chains)


def optax_decay():
    return 1 - _optax_feed(optax().adamw(0.5, weight_decay=1.0), (1,))


def optax_update():
    module = optax()
    import jax.numpy as jnp

    outcomes = []
    for before in (False, True):
        x, mean, sgd = jnp.asarray([1.0]), None, module.sgd(0.1)
        state = sgd.init(x)
        for _ in range(2):
            if before:
                mean = x if mean is None else module.incremental_update(x, mean, 0.5)
            change, state = sgd.update(jnp.asarray([1.0]), state, x)
            x = module.apply_updates(x, change)
            if not before:
                mean = x if mean is None else module.incremental_update(x, mean, 0.5)
        outcomes.append(1 - float(mean[0]))
    return tuple(outcomes)


def optax_average():
    o = optax()
    import jax.numpy as jnp

    outcomes = []
    for project_first in (False, True):
        x, sgd = jnp.asarray([0.5]), o.sgd(1.0)
        change, _ = sgd.update(jnp.asarray([1.0]), sgd.init(x), x)
        x = o.apply_updates(x, change)
        may_be = o.projections.projection_non_negative(x)
        mean = o.incremental_update(may_be if project_first else x, x, 1.0)
        outcomes.append(float(mean[0]))
    return tuple(outcomes)


def optax_sum():
    o = optax()
    return 1 - _optax_feed(o.MultiSteps(o.sgd(0.1), 2), (1, 1))


def optax_schedule():
    o = optax()
    return 1 - _optax_feed(o.MultiSteps(o.sgd(o.exponential_decay(1.0, 1, 0.1)), 2), (1, 1))


def optax_length():
    o = optax()
    return (1 - _optax_feed(o.chain(o.clip_by_global_norm(1e-6), o.sgd(1e5)), (3e-6,))) / 1e5


def optax_infinite():
    module = optax()
    import jax.numpy as jnp

    clip = module.clip_by_global_norm(1.0)
    g = {"a": jnp.asarray([np.inf]), "b": jnp.asarray([1.0])}
    return float(clip.update(g, clip.init(g))[0]["b"][0])


def optax_exempt():
    return 1 - _optax_feed(optax().adamw(0.1, weight_decay=0.5), (0,))


def _optax_rows(*steps):
    module = optax()
    import jax
    import jax.numpy as jnp

    lookup, adam = jnp.ones((3, 1)), module.adam(0.1)
    state = adam.init(lookup)
    for rows in steps:
        g = jax.grad(lambda w, rows=rows: w[jnp.asarray(rows)].sum())(lookup)
        change, state = adam.update(g, state, lookup)
        lookup = module.apply_updates(lookup, change)
    return 1 - float(lookup[0, 0])


def optax_repeats():
    return _optax_rows([0, 0])


def optax_lazy():
    return _optax_rows([0], [1])


def optax_floor():
    optax()
