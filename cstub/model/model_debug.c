/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ACRN tells about itself: get_api_version, get_hw_info, and setup_hv_npk_log, of which a
 * release build only has the first.
 *
 * Source: common/hypercall.c, debug/{hypercall.c,npk_log.c} of ACRN.
 */
#include "model_internal.h"

#define NPK_KEEP_LEVEL 0xffffu /* as loglevel: leave it as it is */

int32_t model_get_api_version(struct model_call *call)
{
	struct hc_api_version version = {.major_version = 1, .minor_version = 0};

	return model_write(call->model, call->caller, call->arg1, &version, sizeof(version));
}

int32_t model_get_hw_info(struct model_call *call)
{
	struct acrn_hw_info info = {.cpu_num = call->model->machine->cpus};

	if (!call->model->machine->debug_build)
		return model_refuse(call, -ACRN_EPERM, MODEL_RELEASE);
	return model_write(call->model, call->caller, call->arg1, &info, sizeof(info));
}

static enum acrn_npk_result configure(struct model_npk *npk, const struct hv_npk_log_param *param)
{
	if (param->mmio_addr)
		npk->base = param->mmio_addr;
	if (param->loglevel != NPK_KEEP_LEVEL)
		npk->loglevel = param->loglevel;
	if (param->cmd == ACRN_NPK_CONFIGURE)
		return param->mmio_addr || param->loglevel != NPK_KEEP_LEVEL ? ACRN_NPK_OK
									     : ACRN_NPK_KO;
	if (!npk->base)
		return ACRN_NPK_KO;
	npk->enabled = true;
	return ACRN_NPK_OK;
}

static enum acrn_npk_result npk_do(struct model_npk *npk, struct hv_npk_log_param *param)
{
	switch (param->cmd) {
	case ACRN_NPK_CONFIGURE:
	case ACRN_NPK_ENABLE:
		return configure(npk, param);
	case ACRN_NPK_DISABLE:
		npk->enabled = false;
		return ACRN_NPK_OK;
	case ACRN_NPK_QUERY:
		param->loglevel = npk->loglevel;
		param->mmio_addr = npk->base;
		return npk->enabled ? ACRN_NPK_ENABLED : ACRN_NPK_DISABLED;
	default:
		return ACRN_NPK_KO;
	}
}

int32_t model_setup_hv_npk_log(struct model_call *call)
{
	struct hv_npk_log_param param;

	if (!call->model->machine->debug_build)
		return model_refuse(call, -ACRN_EPERM, MODEL_RELEASE);
	if (model_read(call->model, call->caller, &param, call->arg1, sizeof(param)))
		return model_fail(call, MODEL_UNREADABLE);
	param.res = npk_do(&call->model->npk, &param);
	return model_write(call->model, call->caller, call->arg1, &param, sizeof(param));
}
