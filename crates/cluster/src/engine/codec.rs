//! How [`LeafExec`] travels, beside Ballista's own operators.

use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use super::leaf::{LeafExec, Leaves};

/// Before a ticket; no message of Ballista's begins so.
const MARK: &[u8] = b"\xffdeepdive leaf 1\n";

/// Scheduler and client carry leaves, executors also do them.
#[derive(Debug, Default)]
pub(super) struct LeafCodec {
    inner: BallistaPhysicalExtensionCodec,
    leaves: Option<Arc<dyn Leaves>>,
}

impl LeafCodec {
    pub(super) fn of(leaves: Arc<dyn Leaves>) -> Self {
        Self { leaves: Some(leaves), ..Self::default() }
    }
}

impl PhysicalExtensionCodec for LeafCodec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(ticket) = bytes.strip_prefix(MARK) else {
            return self.inner.try_decode(bytes, inputs, context, converter);
        };
        let ([input], Ok(ticket)) = (inputs, std::str::from_utf8(ticket)) else {
            return internal_err!("a leaf that is not one of ours");
        };
        Ok(Arc::new(LeafExec::new(ticket.into(), input.clone(), self.leaves.clone())))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(leaf) = node.downcast_ref::<LeafExec>() else {
            return self.inner.try_encode(node, bytes, converter);
        };
        bytes.extend_from_slice(MARK);
        bytes.extend_from_slice(leaf.ticket.as_bytes());
        Ok(())
    }
}
