//! Every stage that a pipeline file can name: one line each.

use pipeline::Registry;

use crate::stages;

/// The built-in stages. Your own go behind: `registry().with::<Mine>("mine", "what it does")`.
pub fn registry() -> Registry {
    let registry = Registry::default()
        .with::<stages::command::Command>("command", "an outside program as a stage")
        .with::<stages::miniature_web::MiniatureWeb>("miniature-web", "a generated web, as WARC files")
        .with::<stages::miniature_questions::MiniatureQuestions>(
            "miniature-questions",
            "questions to an assistant that learned from the generated web's conversations",
        )
        .with::<stages::lesson_texts::LessonTexts>(
            "lesson-texts",
            "texts made for one lesson, and its questions",
        )
        .with::<stages::lesson_talks::LessonTalks>(
            "lesson-talks",
            "texts, conversations and questions for one lesson about answering",
        )
        .with::<stages::lesson_preferences::LessonPreferences>(
            "lesson-preferences",
            "jokes for one lesson about rewards, and rankings of them",
        )
        .with::<stages::lesson_media::LessonMedia>(
            "lesson-media",
            "pictures or sounds made for one lesson, talks about them and questions",
        )
        .with::<stages::warc_files::WarcFiles>("warc-files", "WARC files of this machine")
        .with::<stages::cc_fetch::CcFetch>("cc-fetch", "WARC files of Common Crawl, fetched politely")
        .with::<stages::cc_pages::CcPages>("cc-pages", "single pages of Common Crawl, by its index")
        .with::<stages::packages::Packages>(
            "packages",
            "files out of packages of the public registries, pinned by hash",
        )
        .with::<stages::package_pages::PackagePages>("package-pages", "pages of packages, as WARC files")
        .with::<stages::warc_import::WarcImport>("warc-import", "WARC to pages, unfiltered")
        .with::<stages::filter::FinewebFilter>("fineweb-filter", "WARC to documents by FineWeb's rules")
        .with::<stages::documents_files::DocumentsFiles>(
            "documents-files",
            "documents of this machine: Parquet files with FineWeb's columns",
        )
        .with::<stages::conversations_files::ConversationsFiles>(
            "conversations-files",
            "conversations of this machine: JSON and Parquet in the usual shapes",
        )
        .with::<stages::problems_files::ProblemsFiles>(
            "problems-files",
            "problems of this machine, with their answers: JSON and Parquet in the usual shapes",
        )
        .with::<stages::preferences_files::PreferencesFiles>(
            "preferences-files",
            "preferences of this machine: pairs and rankings in the usual shapes",
        )
        .with::<stages::media_files::MediaFiles>(
            "media-files",
            "pictures and sounds of this machine, with a question about each",
        )
        .with::<stages::battles_files::BattlesFiles>(
            "battles-files",
            "battles of this machine: the votes of people that `serve` keeps",
        )
        .with::<stages::dedup::Dedup>("dedup", "drops exact and near copies")
        .with::<stages::decontaminate::Decontaminate>(
            "decontaminate",
            "drops documents that hold what models are tested with",
        )
        .with::<stages::audit::Audit>("audit", "how right filter and dedup were, where the truth is known")
        .with::<stages::bpe_train::BpeTrain>("bpe-train", "learns a byte-pair vocabulary from documents")
        .with::<stages::bpe_encode::BpeEncode>("bpe-encode", "documents to token ids")
        .with::<stages::codec_train::CodecTrain>(
            "codec-train",
            "learns codes for pictures and sounds, and widens a vocabulary by them",
        )
        .with::<stages::codec_encode::CodecEncode>("codec-encode", "pictures and sounds to token ids");
    #[cfg(feature = "train")]
    let registry = registry
        .with::<stages::pretrain::Pretrain>("pretrain", "trains a base model on token ids")
        .with::<stages::sft::Sft>("sft", "a base model learns to answer, from conversations")
        .with::<stages::probe::Probe>("probe", "what a base model does not know, it learns to say so")
        .with::<stages::interview::Interview>("interview", "how right a chat model answers")
        .with::<stages::draw::Draw>("draw", "whether what a chat model draws is what it was asked for")
        .with::<stages::retrieve::Retrieve>(
            "retrieve",
            "which of many captions a chat model finds for a picture or a sound, and the other way round",
        )
        .with::<stages::grpo::Grpo>("grpo", "a chat model learns from its own answers, by verified rewards")
        .with::<stages::reward_model::RewardModel>("reward-model", "what people prefer, as a number")
        .with::<stages::ppo::Ppo>("ppo", "a chat model learns to please a reward model")
        .with::<stages::dpo::Dpo>("dpo", "a chat model learns from preferences, without a reward model")
        .with::<stages::best_of_n::BestOfN>("best-of-n", "what the best of many answers is worth")
        .with::<stages::checkpoint_files::CheckpointFiles>(
            "checkpoint-files",
            "a model of this machine: a GGUF file or a Hugging Face folder",
        )
        .with::<stages::eval::Eval>("eval", "how a model does on benchmarks that you bring")
        .with::<stages::recall::Recall>("recall", "which of the facts that it read a model knows")
        .with::<stages::exam::Exam>("exam", "what a model completes that it was told more or less often")
        .with::<stages::scaling_law::ScalingLaw>(
            "scaling-law",
            "how the loss falls with the size of the model",
        )
        .with::<stages::self_play::SelfPlay>("self-play", "a model learns from games against itself")
        .with::<stages::tournament::Tournament>(
            "tournament",
            "models and players of known strength at tic-tac-toe, rated",
        )
        .with::<stages::arena::Arena>(
            "arena",
            "models answer the same prompts, and are rated by who is preferred",
        )
        .with::<stages::sample::Sample>("sample", "text written by a model");
    registry
}
